"""Documents to text: PDF, Office, pictures, archives."""
