; Scripts and templates are read by `embedded`; this is what a component's own markup says.
(script_element (start_tag (attribute (attribute_name) @_src) (#eq? @_src "src")) @import)
(comment) @comment
