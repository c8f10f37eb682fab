(function_definition name: (word) @name) @def.function
(program (variable_assignment name: (variable_name) @name) @def.variable)
(program (declaration_command (variable_assignment name: (variable_name) @name)) @def.variable)

(command name: (command_name (word) @_source) (#any-of? @_source "source" ".")) @import

(comment) @comment
(raw_string) @opaque
(ansi_c_string) @opaque
(string_content) @opaque
(heredoc_body) @opaque
