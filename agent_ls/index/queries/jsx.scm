(jsx_text) @opaque
