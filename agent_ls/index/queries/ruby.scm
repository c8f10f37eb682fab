(class name: [(constant) @name (scope_resolution name: (constant) @name)]) @def.class
(module name: [(constant) @name (scope_resolution name: (constant) @name)]) @def.module
(method name: (_) @name) @def.function
(singleton_method name: (_) @name) @def.function
(alias name: (identifier) @name) @def.function
(assignment left: (constant) @name) @def.constant

(call !receiver method: (identifier) @_method arguments: (argument_list . (string))
  (#any-of? @_method "require" "require_relative" "load" "autoload")) @import

(comment) @comment
(string_content) @opaque
(heredoc_content) @opaque
(regex) @opaque
