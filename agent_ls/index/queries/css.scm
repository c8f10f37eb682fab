(stylesheet (rule_set (selectors (class_selector (class_name (identifier) @name)))) @def.style)
(stylesheet (rule_set (selectors (_ (class_selector (class_name (identifier) @name))))) @def.style)
(stylesheet (rule_set (selectors (_ (_ (class_selector (class_name (identifier) @name)))))) @def.style)
(stylesheet (rule_set (selectors (id_selector (id_name) @name))) @def.style)
(stylesheet (rule_set (selectors (_ (id_selector (id_name) @name)))) @def.style)
(declaration (property_name) @name (#match? @name "^--")) @def.variable
(keyframes_statement (keyframes_name) @name) @def.style

(import_statement) @import

(comment) @comment
(string_value) @opaque
