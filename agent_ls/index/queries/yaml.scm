(document (block_node (block_mapping (block_mapping_pair key: (flow_node (_ (string_scalar) @name))) @def.key)))
(document (block_node (block_mapping (block_mapping_pair value: (block_node (block_mapping
  (block_mapping_pair key: (flow_node (_ (string_scalar) @name))) @def.key))))))
(anchor (anchor_name) @name) @def.key

(comment) @comment
(double_quote_scalar) @opaque
(single_quote_scalar) @opaque
(block_scalar) @opaque
