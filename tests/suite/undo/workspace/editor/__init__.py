from editor.buffer import Buffer
