"""Who is at the pages: log-in, account, what each may open and change."""
