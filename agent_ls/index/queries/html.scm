(element (start_tag (attribute (attribute_name) @_id (quoted_attribute_value (attribute_value) @name))
  (#eq? @_id "id"))) @def.element
(element (self_closing_tag (attribute (attribute_name) @_id (quoted_attribute_value (attribute_value) @name))
  (#eq? @_id "id"))) @def.element

(script_element (start_tag (attribute (attribute_name) @_src) (#eq? @_src "src")) @import)
(element (start_tag (tag_name) @_link (#eq? @_link "link")) @import)

(comment) @comment
(text) @opaque
