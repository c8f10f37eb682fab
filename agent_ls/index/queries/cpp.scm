(function_definition declarator: [
  (function_declarator declarator: [(field_identifier) (destructor_name) (operator_name)] @name)
  (reference_declarator (function_declarator declarator: [(identifier) (field_identifier) (operator_name)] @name))
  (pointer_declarator declarator: (function_declarator declarator: (field_identifier) @name))
]) @def.function
(function_definition declarator: [
  (function_declarator declarator: (qualified_identifier
    scope: (_) @container name: [(identifier) (destructor_name) (operator_name)] @name))
  (pointer_declarator declarator: (function_declarator declarator: (qualified_identifier
    scope: (_) @container name: [(identifier) (operator_name)] @name)))
  (reference_declarator (function_declarator declarator: (qualified_identifier
    scope: (_) @container name: [(identifier) (operator_name)] @name)))
]) @def.method
(field_declaration_list (field_declaration declarator: [
  (function_declarator declarator: (field_identifier) @name)
  (pointer_declarator declarator: (function_declarator declarator: (field_identifier) @name))
  (reference_declarator (function_declarator declarator: (field_identifier) @name))
]) @def.method)
(field_declaration_list (declaration declarator: (function_declarator declarator: (identifier) @name)) @def.method)
(class_specifier name: (type_identifier) @name body: (_)) @def.class
(namespace_definition name: (namespace_identifier) @name) @def.namespace
(alias_declaration name: (type_identifier) @name) @def.type
(concept_definition name: (identifier) @name) @def.type
(declaration_list (declaration declarator: (function_declarator declarator: (identifier) @name)) @def.function)
(declaration_list (declaration declarator: [
  (identifier) @name
  (init_declarator declarator: (identifier) @name)
]) @def.variable)
(raw_string_literal) @opaque
