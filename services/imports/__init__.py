"""Appointments from a spreadsheet: what a file says (`reading`), and what becomes of each row (`booking`) (K7)."""
