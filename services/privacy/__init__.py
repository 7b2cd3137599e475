"""What is kept of people: how long, all of it under one number, exported, erased (D1, D3)."""
