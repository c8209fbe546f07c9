// docs/security.md names tests that are there, and every test of this folder.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const page = readFileSync("docs/security.md", "utf8");
const links = [...page.matchAll(/\]\(\.\.\/([^ )]+) "([^"]+)"\)/g)].map(([, file, title]) => ({ file, title }));

test("what the page names is there", () => {
    assert.ok(links.length > 40);
    for (const { file, title } of links) {
        const text = readFileSync(file, "utf8");
        const isThere = file.endsWith(".c") ? text.includes(`void ${title}(`) : text.includes(`test("${title}`) || text.includes(`test(\`${title}`);
        assert.ok(isThere, `${file}: ${title}`);
    }
});

test("every attempt has a test, and every test of this folder its line", () => {
    for (const line of page.split("\n").filter((l) => l.startsWith("| ")).slice(1))
        assert.match(line, /\]\(\.\.\//, line);
    for (const file of readdirSync("tests/adversary").filter((f) => f !== "page.test.mjs")) {
        const titles = [...readFileSync(`tests/adversary/${file}`, "utf8").matchAll(/^ *test\(["`]([^"`$]+)/gm)].map(([, t]) => t);
        const named = new Set(links.filter((l) => l.file.endsWith(file)).map(({ title }) => title));
        for (const title of titles.filter((t) => !t.startsWith("the attester's own batch is taken")))
            assert.ok(named.has(title), `docs/security.md lacks "${title}"`);
    }
});
