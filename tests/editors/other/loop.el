;;; The loop in Emacs with eglot: everything is chosen from the code-action menu.  -*- lexical-binding: t -*-
;; In: AGENT_LS_PYTHON, AGENT_LS_ROOT, AGENT_LS_SEEN (where what was seen is written as JSON).

(package-initialize)
(require 'eglot)
(require 'json)
(require 'cl-lib)

(defvar seen '())
(defvar asked '())
(defun note (key value) (push (cons key value) seen))
(defconst root (file-name-as-directory (getenv "AGENT_LS_ROOT")))

(defun disk (name)
  (let ((path (concat root name)))
    (if (file-exists-p path)
        (with-temp-buffer (insert-file-contents path) (buffer-string))
      json-null)))

(defun eventually (condition what)
  (let ((deadline (+ (float-time) 60)))
    (while (not (funcall condition))
      (when (> (float-time) deadline) (error "never: %s" what))
      (accept-process-output nil 0.1))))

(defun job ()
  (let ((answer (jsonrpc-request (eglot-current-server) :workspace/executeCommand
                                 (list :command "agentLs.jobs" :arguments (vector (make-hash-table))))))
    (car (append (plist-get answer :jobs) nil))))

(defun state () (plist-get (job) :state))
(defun reach (wanted) (eventually (lambda () (equal (state) wanted)) wanted))

(defun choose (beginning)
  "Choose the entry of the code-action menu as a person does; how long Emacs was busy with it, in seconds."
  (let ((last-nonmenu-event ?a) ; a key, not the mouse
        begun chosen)
    (eventually
     (lambda ()
       (cl-letf (((symbol-function 'completing-read)
                  (lambda (_prompt table &rest _)
                    (let ((titles (all-completions "" table)))
                      (note 'menu titles)
                      (setq chosen (cl-find-if (lambda (title) (string-prefix-p beginning title)) titles)
                            begun (float-time))
                      (or chosen (signal 'quit nil))))))
         (condition-case problem (eglot-code-actions (point) nil nil t)
           ((quit error) (when chosen (signal (car problem) (cdr problem))))) ; else there is no menu yet
         chosen))
     beginning)
    (- (float-time) begun)))

(defun messages () (with-current-buffer (messages-buffer) (buffer-string)))

(defun look (name)
  (note (intern (concat name "_state")) (state))
  (note (intern (concat name "_buffer")) (buffer-string))
  (save-buffer)
  (note (intern (concat name "_calc")) (disk "calc.py"))
  (note (intern (concat name "_extra")) (disk "extra.py")))

(defun run ()
  (setq eglot-server-programs `((python-mode . (,(getenv "AGENT_LS_PYTHON") "-P" "-m" "agent_ls")))
        python-indent-guess-indent-offset nil
        create-lockfiles nil)
  (find-file (concat root "calc.py"))
  (apply #'eglot (eglot--guess-contact))
  ;; eglot tells its changes when Emacs has been idle for half a second; in batch it is never idle.
  (let ((buffer (current-buffer)))
    (run-with-timer 0.5 0.5 (lambda () (with-current-buffer buffer (eglot--signal-textDocument/didChange)))))
  (cl-letf (((symbol-function 'y-or-n-p) (lambda (prompt) (push prompt asked) t)))
    (goto-char (point-min))
    (search-forward "agent:")
    (note 'busy (choose "Do: make add"))
    (goto-char (point-max))
    (insert "# typed meanwhile\n")
    (reach "ready")
    (goto-char (point-min))
    (search-forward "return")
    (choose "Apply plan")
    (eventually (lambda () (or (equal (state) "applied") (string-match-p "extra\\.py" (messages))))
                "the edit, or the word why there is none")
    (look "applied")
    (when (equal (state) "applied")
      (goto-char (point-min))
      (search-forward "return")
      (choose "Undo")
      (reach "undone"))
    (look "last")))

(condition-case problem (run) (error (note 'error (format "%S" problem))))
(note 'asked (vconcat asked))
(note 'messages (messages))
(let ((coding-system-for-write 'utf-8))
  (with-temp-file (getenv "AGENT_LS_SEEN") (insert (json-encode seen))))
(ignore-errors (eglot-shutdown-all))
(kill-emacs 0)
