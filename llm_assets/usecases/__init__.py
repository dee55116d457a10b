"""What a person or a program asks of the platform, a file for each request. Use cases decide in what order things happen; they get an
`Assembly` of adapters, and commands, pages and Dagster assets are shells over them."""
