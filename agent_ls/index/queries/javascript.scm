; Shared by JavaScript, TypeScript and TSX.
(function_declaration name: (identifier) @name) @def.function
(generator_function_declaration name: (identifier) @name) @def.function
(method_definition name: [(property_identifier) (private_property_identifier)] @name) @def.method
(class_declaration name: (_) @name) @def.class
(class name: (_) @name) @def.class

(lexical_declaration (variable_declarator name: (identifier) @name
  value: [(arrow_function) (function_expression) (generator_function)])) @def.function
(variable_declaration (variable_declarator name: (identifier) @name
  value: [(arrow_function) (function_expression) (generator_function)])) @def.function
(program (lexical_declaration (variable_declarator name: (identifier) @name)) @def.variable)
(program (variable_declaration (variable_declarator name: (identifier) @name)) @def.variable)
(program (export_statement (lexical_declaration (variable_declarator name: (identifier) @name)) @def.variable))
(program (export_statement (variable_declaration (variable_declarator name: (identifier) @name)) @def.variable))
(program (expression_statement (assignment_expression
  left: (member_expression property: (property_identifier) @name)
  right: [(arrow_function) (function_expression)])) @def.function)

(import_statement) @import
(export_statement source: (_)) @import
(call_expression function: (identifier) @_require arguments: (arguments . (string) .)
  (#eq? @_require "require")) @import
(call_expression function: (import) arguments: (arguments . (string) .)) @import

(comment) @comment
(string) @opaque
(string_fragment) @opaque
(regex) @opaque
