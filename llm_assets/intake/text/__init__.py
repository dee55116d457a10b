"""Text as people read it: HTML, quotations, signatures, languages, text that tries to instruct the model."""
