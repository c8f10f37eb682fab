/** Where the server's program is. A workspace must never decide what is run. */
import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, extname, isAbsolute, join, relative } from "node:path";

export interface Places {
  /** The setting `agentLs.serverPath`. */
  setting: string;
  /** The program of the environment that this extension has made, or would make. */
  own?: string;
  path: string;
  /** Workspace folders: programs below them are not ours. */
  folders: readonly string[];
  platform?: NodeJS.Platform;
  pathExtensions?: string;
}

export type Found = { program: string } | { problem: string };

/** The named program, else the one that the user had us install, else the first on `PATH` outside the workspace. */
export function findServer(places: Places): Found {
  if (places.setting !== "") {
    const program = places.setting.replace(/^~(?=[/\\])/, homedir());
    if (!isAbsolute(program)) {
      return { problem: `The setting agentLs.serverPath must be an absolute path, not "${places.setting}".` };
    }
    return runnable(program)
      ? { program }
      : { problem: `The setting agentLs.serverPath names ${program}, which cannot be run.` };
  }
  if (places.own !== undefined && runnable(places.own)) {
    return { program: places.own };
  }
  const program = onPath("agent-ls", places)[0];
  return program === undefined ? { problem: "The program agent-ls was not found on PATH." } : { program };
}

/** Every program of that name on `PATH` that the workspace did not plant. */
export function onPath(name: string, places: Omit<Places, "setting" | "own">): string[] {
  return places.path
    .split(delimiter)
    .filter((folder) => folder !== "" && isAbsolute(folder))
    .flatMap((folder) => names(name, places).map((file) => join(folder, file)))
    .filter((program) => runnable(program) && !places.folders.some((root) => inside(program, root)));
}

function names(name: string, places: Omit<Places, "setting" | "own">): string[] {
  if ((places.platform ?? process.platform) !== "win32") {
    return [name];
  }
  const extensions = places.pathExtensions ?? process.env.PATHEXT ?? ".EXE;.CMD";
  return extensions.split(";").map((extension) => `${name}${extension.toLowerCase()}`);
}

function runnable(program: string): boolean {
  try {
    accessSync(program, extname(program) === "" ? constants.X_OK : constants.R_OK);
    return statSync(program).isFile();
  } catch {
    return false;
  }
}

/** Where it is called and where it really is both count: a link out of the workspace was planted in it. */
function inside(program: string, root: string): boolean {
  const below = (path: string, folder: string): boolean => {
    const way = relative(folder, path);
    return way === "" || (!way.startsWith("..") && !isAbsolute(way));
  };
  return below(program, root) || below(realpathSync(program), realpathOr(root));
}

function realpathOr(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
