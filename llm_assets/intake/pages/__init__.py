"""HTML pages to text: what a person sees of them, and what they hide."""
