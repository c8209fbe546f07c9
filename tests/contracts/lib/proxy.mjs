// A proxy's code as the node makes it, from what is generated for src/rollup/proxy.c.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { toHex } from "viem";
import { root } from "./chain.mjs";

/** The proxy of (rollupId, target): {all: creation code, runtime}. */
export function proxyCreation(hub, rollupId, target) {
    const source = readFileSync(join(root, "src/rollup/artifacts.c"), "utf8");
    const header = readFileSync(join(root, "src/rollup/artifacts.h"), "utf8");
    const [, bytes] = /artifact_proxy_creation\[\d+\] = \{([^}]*)\}/.exec(source);
    const offset = (name) => Number(new RegExp(`ARTIFACT_PROXY_${name} +(\\d+)`).exec(header)[1]);
    const code = Buffer.from(bytes.replaceAll(/0x|[,\s]/g, ""), "hex");
    code.write(hub.slice(2), offset("HUB"), "hex");
    code.writeBigUInt64BE(rollupId, offset("ROLLUP_ID"));
    code.write(target.slice(2), offset("TARGET"), "hex");
    return { all: toHex(code), runtime: toHex(code.subarray(offset("RUNTIME"))) };
}
