<?php

namespace App\Http;

use App\Support\Str;
use App\Http\{Request, Response};

require_once 'helpers.php';

const VERSION = '1.0';

/** Finds who answers. */
interface Matcher
{
    public function matches(Request $request): bool;
}

trait Logs
{
    protected function log(string $line): void { error_log($line); }
}

enum Method: string
{
    case Get = 'GET';
}

/**
 * Sends requests to handlers.
 */
final class Router implements Matcher
{
    use Logs;

    private const LIMIT = 10;
    private array $routes = [];

    // agent: also accept patterns
    public function add(string $path, callable $handler): self
    {
        $this->routes[Str::lower($path)] = $handler;
        return $this;
    }

    public function matches(Request $request): bool
    {
        return isset($this->routes[$request->path()]);
    }
}

function router(): Router
{
    return new Router();
}
