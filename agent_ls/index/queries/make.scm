(rule (targets (word) @name)) @def.target
(variable_assignment name: (word) @name) @def.variable
(define_directive name: (word) @name) @def.macro

(include_directive) @import

(comment) @comment
