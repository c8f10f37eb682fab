import assert from "node:assert/strict";
import { test } from "node:test";
import { networkOf, ownEnvironment, shown } from "../src/environment";
import { remembered } from "../src/history";
import { forServer } from "../src/settings";
import { misfit } from "../src/version";

test("an environment of its own: two commands, and the program that they make", () => {
  const { program, commands } = ownEnvironment(
    "/home/me/my data/server",
    "/usr/bin/python3",
    "agent-ls==1",
    "linux",
  );
  assert.equal(program, "/home/me/my data/server/bin/agent-ls");
  assert.equal(
    shown(commands),
    "/usr/bin/python3 -m venv --clear '/home/me/my data/server' && " +
      "'/home/me/my data/server/bin/python' -m pip install --disable-pip-version-check agent-ls==1",
  );
});

test("what is shown can be pasted: nothing in a name is run", () => {
  assert.equal(shown([["pip", "$(touch x)", "it's"]]), "pip '$(touch x)' 'it'\\''s'");
});

test("pip gets the editor's proxy and CA, unless the environment has its own", () => {
  const proxy = "http://proxy:3128";
  assert.deepEqual(networkOf({}, proxy), { HTTPS_PROXY: proxy, HTTP_PROXY: proxy });
  assert.deepEqual(networkOf({ https_proxy: "http://own" }, proxy), {});
  assert.deepEqual(networkOf({ NODE_EXTRA_CA_CERTS: "/ca.pem" }, ""), { PIP_CERT: "/ca.pem" });
  assert.deepEqual(networkOf({ NODE_EXTRA_CA_CERTS: "/ca.pem", PIP_CERT: "/own.pem" }, undefined), {});
});

test("versions fit by their first two numbers; else one sentence says which side is to be updated", () => {
  assert.equal(misfit("0.1.0", "0.1.7"), undefined);
  const older = misfit("0.2.0", "0.1.7");
  assert.equal(older?.sentence, "agent-ls 0.1.7 and this extension 0.2.0 do not fit: update the server.");
  assert.equal(older?.update, "server");
  assert.equal(misfit("0.2.0", "1.0.0")?.update, "extension");
  assert.match(misfit("0.2.0", undefined)?.sentence ?? "", /older than this extension/);
});

test("tasks are remembered once each, newest first, and not for ever", () => {
  assert.deepEqual(remembered(["b", "a"], "a"), ["a", "b"]);
  const many = Array.from({ length: 80 }, (_, number) => String(number));
  assert.equal(remembered(many, "new").length, 50);
});

test("the server does not get the settings of the extension", () => {
  assert.deepEqual(
    forServer({ serverPath: "/x", baseUrl: "", package: "p", trace: {}, models: { work: "m" } }),
    {
      models: { work: "m" },
    },
  );
  assert.equal(forServer(null), null);
});
