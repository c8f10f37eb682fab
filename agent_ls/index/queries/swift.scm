(class_declaration "class" name: (type_identifier) @name) @def.class
(class_declaration "actor" name: (type_identifier) @name) @def.class
(class_declaration "struct" name: (type_identifier) @name) @def.struct
(class_declaration "enum" name: (type_identifier) @name) @def.enum
(class_declaration "extension" name: (user_type (type_identifier) @name .)) @scope
(protocol_declaration name: (type_identifier) @name) @def.interface
(protocol_function_declaration name: (simple_identifier) @name) @def.method
(function_declaration name: (simple_identifier) @name) @def.function
(init_declaration "init" @name) @def.method
(enum_entry name: (simple_identifier) @name) @def.field
(typealias_declaration name: (type_identifier) @name) @def.type
(associatedtype_declaration name: (type_identifier) @name) @def.type
(source_file (property_declaration name: (pattern bound_identifier: (simple_identifier) @name)) @def.variable)
(class_body (property_declaration name: (pattern bound_identifier: (simple_identifier) @name)) @def.field)

(import_declaration) @import

(comment) @comment
(multiline_comment) @comment
(line_str_text) @opaque
(multi_line_str_text) @opaque
(raw_str_part) @opaque
