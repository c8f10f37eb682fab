(class_definition name: (identifier) @name) @def.class
(object_definition name: (identifier) @name) @def.class
(trait_definition name: (identifier) @name) @def.interface
(enum_definition name: (identifier) @name) @def.enum
(simple_enum_case name: (identifier) @name) @def.field
(full_enum_case name: (identifier) @name) @def.field
(function_definition name: (_) @name) @def.function
(function_declaration name: (_) @name) @def.function
(type_definition name: (type_identifier) @name) @def.type
(template_body (val_definition pattern: (identifier) @name) @def.field)
(template_body (var_definition pattern: (identifier) @name) @def.field)
(template_body (val_declaration name: (identifier) @name) @def.field)
(compilation_unit (val_definition pattern: (identifier) @name) @def.variable)
(compilation_unit (var_definition pattern: (identifier) @name) @def.variable)
(given_definition name: (identifier) @name) @def.variable

(import_declaration) @import

(comment) @comment
(block_comment) @comment
(string) @opaque
(character_literal) @opaque
