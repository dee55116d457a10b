"""OpenAI's protocol, which many gateways speak as well: the adapter calls, and the wire module reads and writes."""
