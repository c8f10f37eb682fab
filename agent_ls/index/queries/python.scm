; Captures: @def.<kind> the definition, @name its name, @scope a container that is no definition,
; @opaque text without names, @comment, @import.
(function_definition name: (identifier) @name) @def.function
(class_definition name: (identifier) @name) @def.class
(module (expression_statement (assignment left: (identifier) @name)) @def.variable)
(module (expression_statement (assignment left: (pattern_list (identifier) @name))) @def.variable)
(module (type_alias_statement left: (type (identifier) @name)) @def.type)
(class_definition body: (block (expression_statement (assignment left: (identifier) @name)) @def.field))
(module (if_statement consequence: (block (expression_statement (assignment left: (identifier) @name)) @def.variable)))
(module (try_statement body: (block (expression_statement (assignment left: (identifier) @name)) @def.variable)))

(import_statement) @import
(import_from_statement) @import
(future_import_statement) @import

(comment) @comment
(string_start) @opaque
(string_content) @opaque
