"""Which requests a night needs, what they may cost, which route each takes, and in which batch each goes."""
