"""What the code says: facts by tree-sitter, stored in SQLite, asked at typing speed."""
