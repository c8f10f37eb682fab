(class_declaration "interface" name: (identifier) @name) @def.interface
(class_declaration (modifiers (class_modifier "enum")) name: (identifier) @name) @def.enum
(class_declaration "class" name: (identifier) @name) @def.class
(object_declaration name: (identifier) @name) @def.class
(companion_object name: (identifier) @name) @def.class
(enum_entry (identifier) @name) @def.field
(function_declaration name: (identifier) @name) @def.function
(source_file (property_declaration (variable_declaration (identifier) @name)) @def.variable)
(class_body (property_declaration (variable_declaration (identifier) @name)) @def.field)
(class_parameter ["val" "var"] . (identifier) @name) @def.field
(type_alias type: (identifier) @name) @def.type

(import) @import

(line_comment) @comment
(block_comment) @comment
(string_content) @opaque
(character_literal) @opaque
