// Package server answers requests.
package server

import (
	"context"
	log "log/slog"

	"example.org/app/internal/store"
)

// MaxConns bounds the open connections.
const MaxConns = 64

var (
	errClosed = store.NewError("closed")
	started   bool
)

// Server answers requests until it is closed.
type Server struct {
	Addr  string
	conns map[string]*Conn
}

type (
	// Conn is one client.
	Conn struct{ id int }
	Handler func(ctx context.Context) error
	Named interface {
		Name() string
	}
)

// Serve runs until ctx is done.
func (s *Server) Serve(ctx context.Context) error {
	// agent: close idle connections
	for name, conn := range s.conns {
		log.Info(`raw // agent: no comment`, name, conn.id, 'x')
	}
	return errClosed
}

func New[T any](addr string) *Server {
	return &Server{Addr: addr}
}
