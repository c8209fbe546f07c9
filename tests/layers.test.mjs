// scripts/layers.sh must refuse what breaks the ladder, naming file and line, and nothing else.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";

const makefile = `MODULES := core crypto evm state chain rollup world proof rpc conformance node backend cli
HOSTED_FILES := %_host.c src/state/source_lmdb.c
GUEST_SAFE   := core crypto evm state chain rollup
`;

// Every tree has these, so that only the file under test can be at fault.
const base = {
    "src/core/err.h": "",
    "src/core/map_private.h": "",
    "src/core/arena_host.h": "",
    "src/crypto/keccak.h": "",
    "src/evm/evm.h": "",
    "src/state/trie.h": "",
    "src/state/source_lmdb.h": "#include <lmdb.h>\n",
    "src/chain/tx.h": "",
    "src/world/world.h": "",
    "src/cli/cli.h": "",
};

function layers(files) {
    const root = mkdtempSync(join(tmpdir(), "layers-"));
    try {
        for (const [path, text] of Object.entries({ Makefile: makefile, ...base, ...files })) {
            mkdirSync(dirname(join(root, path)), { recursive: true });
            writeFileSync(join(root, path), text);
        }
        const run = spawnSync("scripts/layers.sh", [root], { encoding: "utf8" });
        return { status: run.status, lines: run.stdout.trimEnd().split("\n"), stderr: run.stderr };
    } finally {
        rmSync(root, { recursive: true });
    }
}

function accepts(name, files) {
    test(`accepts ${name}`, () => {
        const { status, lines, stderr } = layers(files);
        assert.equal(stderr, "");
        assert.deepEqual(lines.slice(0, -1), []);
        assert.match(lines.at(-1), /^layers: \d+ files in order$/);
        assert.equal(status, 0);
    });
}

function refuses(name, files, ...expected) {
    test(`refuses ${name}`, () => {
        const { status, lines, stderr } = layers(files);
        assert.equal(stderr, "");
        assert.deepEqual(lines, [...expected, `layers: ${expected.length} refused`]);
        assert.equal(status, 1);
    });
}

accepts("a tree in order", {});
accepts("includes downwards and within a module", {
    "src/chain/execute.c": '#include "chain/tx.h"\n#include "state/trie.h"\n#include "evm/evm.h"\n',
});
accepts("system headers in hosted modules, hosted files and tests", {
    "src/cli/main.c": "#include <stdio.h>\n",
    "src/core/arena_host.c": '#include "core/arena_host.h"\n#include <stdlib.h>\n',
    "src/state/source_lmdb.c": '#include "state/source_lmdb.h"\n#include <lmdb.h>\n',
    "src/core/test_err.c": "#include <stdio.h>\n#include <cmocka.h>\n",
});
accepts("system headers under __STDC_HOSTED__", {
    "src/core/mem.h": "#if __STDC_HOSTED__\n#include <string.h>\n#else\nvoid f(void);\n#endif\n",
    "src/crypto/a.c":
        "#if defined(__x86_64__) && __STDC_HOSTED__\n#ifdef A\n#endif\n#include <immintrin.h>\n#endif\n",
});

refuses(
    "an upward include",
    { "src/core/bad.c": '/* text */\n\n#include "crypto/keccak.h"\n' },
    'src/core/bad.c:3: core may not include "crypto/keccak.h": crypto stands above it',
);
refuses(
    "an upward include from a test",
    { "src/chain/test_tx.c": '#include "cli/cli.h"\n' },
    'src/chain/test_tx.c:1: chain may not include "cli/cli.h": cli stands above it',
);
refuses(
    "an upward include from a header under __STDC_HOSTED__",
    { "src/core/bad.h": '#if __STDC_HOSTED__\n#  include "evm/evm.h"\n#endif\n' },
    'src/core/bad.h:2: core may not include "evm/evm.h": evm stands above it',
);
refuses(
    "evm and state including each other",
    {
        "src/evm/bad.c": '#include "state/trie.h"\n',
        "src/state/bad.c": '#include "evm/evm.h"\n',
    },
    'src/evm/bad.c:1: evm may not include "state/trie.h": state stands above it',
    'src/state/bad.c:1: state may not include "evm/evm.h": it uses only core crypto state',
);
refuses(
    "proof including world",
    { "src/proof/bad.c": '#include "world/world.h"\n' },
    'src/proof/bad.c:1: proof may not include "world/world.h": it uses only core crypto proof',
);
refuses(
    "includes that are not rooted",
    { "src/chain/bad.c": '#include "tx.h"\n#include "../core/err.h"\n#include <core/err.h>\n' },
    'src/chain/bad.c:1: "tx.h" is not rooted: write "module/file.h"',
    'src/chain/bad.c:2: "../core/err.h" is not rooted: write "module/file.h"',
    "src/chain/bad.c:3: a guest-safe file may not include <core/err.h>: it is not a freestanding header",
);
refuses(
    "our headers in angle brackets",
    { "src/node/bad.c": "#include <core/err.h>\n" },
    'src/node/bad.c:1: write "core/err.h", not <core/err.h>',
);
refuses(
    "headers that are missing, private or of no module",
    {
        "src/chain/bad.c":
            '#include "core/nothing.h"\n#include "core/map_private.h"\n#include "gui/x.h"\n#include NAME\n',
    },
    'src/chain/bad.c:1: "core/nothing.h" does not exist',
    'src/chain/bad.c:2: "core/map_private.h" is private to core',
    'src/chain/bad.c:3: "gui/x.h": gui is not a module of the ladder',
    "src/chain/bad.c:4: an include must name its file",
);
refuses(
    "hosted headers in guest-safe files",
    {
        "src/core/bad.c":
            '#include <stdint.h>\n#include <string.h>\n#include "core/arena_host.h"\n#if __STDC_HOSTED__\n#else\n#include <stdlib.h>\n#endif\n',
        "src/chain/bad.h": '#include "state/source_lmdb.h"\n',
    },
    'src/chain/bad.h:1: a guest-safe file may not include "state/source_lmdb.h": its code needs an operating system',
    "src/core/bad.c:2: a guest-safe file may not include <string.h>: it is not a freestanding header",
    'src/core/bad.c:3: a guest-safe file may not include "core/arena_host.h": its code needs an operating system',
    "src/core/bad.c:6: a guest-safe file may not include <stdlib.h>: it is not a freestanding header",
);
refuses(
    "a folder that is no module",
    { "src/gui/a.c": "int a;\n" },
    "src/gui/a.c:1: gui is not a module of the ladder (MODULES in the Makefile)",
);

test("fails when there is nothing to check", () => {
    const run = spawnSync("scripts/layers.sh", ["tests"], { encoding: "utf8" });
    assert.equal(run.status, 2);
});
