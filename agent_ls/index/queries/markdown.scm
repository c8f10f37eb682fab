(section (atx_heading heading_content: (inline) @name) @def.section)
(section (setext_heading heading_content: (paragraph (inline) @name)) @def.section)

(html_block) @comment
(fenced_code_block) @opaque
