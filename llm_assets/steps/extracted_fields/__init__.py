"""Step `extracted_fields`: the facts a case states."""
