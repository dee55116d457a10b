"""The commands of people: deciding about cases, who may, and who is told."""
