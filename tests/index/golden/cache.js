import fs, { readFile as read, stat } from "node:fs/promises";
import * as path from "./paths.js";
export { Entry } from "./entry.js";
const util = require("../util");

/** Largest number of entries. */
export const MAX_ENTRIES = 512;
let hits = 0, misses = 0;

/**
 * A cache that forgets what was used least.
 */
export default class Cache extends Base {
  #entries = new Map();
  static shared = null;

  constructor(limit = MAX_ENTRIES) {
    super();
    this.limit = limit;
  }

  async get(key) {
    // agent: count the misses
    const found = this.#entries.get(key) ?? `none ${util.name(key)} // agent: not here`;
    return found;
  }
}

export const evict = async (cache, { force = false } = {}) => {
  const pattern = /\/\/ agent: no comment/g;
  return cache.filter((entry) => !pattern.test(entry));
};

function* walk(node) {
  /* TODO(agent): skip the hidden nodes */
  yield* node.children.map(walk);
}

module.exports.dump = function (cache) {
  return JSON.stringify(cache, null, 2);
};
