// The schemas of ethereum/execution-apis, from their YAML sources: does an answer have the form that the
// specification gives the method's result? Of JSON Schema it knows the words that the sources use.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

function yamlFiles(folder) {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) return yamlFiles(path);
        return entry.name.endsWith(".yaml") ? [path] : [];
    });
}

const kindOf = (value) =>
    value === null
        ? "null"
        : Array.isArray(value)
          ? "array"
          : Number.isInteger(value)
            ? "integer"
            : typeof value;

class Schemas {
    constructor() {
        this.methods = new Map();
        this.schemas = new Map();
    }

    has(method) {
        return this.methods.get(method)?.result?.schema !== undefined;
    }

    /** What is wrong with a method's result, each as one line. */
    check(method, result) {
        return this.problems(this.methods.get(method).result.schema, result, "result");
    }

    problems(schema, value, path) {
        if (schema === true || schema === undefined) return [];
        if (schema === false) return [`${path}: not allowed`];
        return [
            ...this.ofReference(schema, value, path),
            ...this.ofKind(schema, value, path),
            ...this.ofObject(schema, value, path),
            ...this.ofArray(schema, value, path),
            ...this.ofChoices(schema, value, path),
        ];
    }

    ofReference(schema, value, path) {
        if (schema.$ref === undefined) return [];
        const name = schema.$ref.split("/").at(-1);
        if (!this.schemas.has(name)) throw new Error(`the specification has no schema ${schema.$ref}`);
        return this.problems(this.schemas.get(name), value, path);
    }

    ofKind(schema, value, path) {
        const kind = kindOf(value);
        const found = [];
        if (schema.type !== undefined) {
            const kinds = [schema.type].flat();
            if (!kinds.includes(kind) && !(kind === "integer" && kinds.includes("number")))
                found.push(`${path}: ${kind} instead of ${kinds.join(" or ")}`);
        }
        if (schema.enum !== undefined && !schema.enum.includes(value))
            found.push(`${path}: ${JSON.stringify(value)} is none of ${schema.enum.join(", ")}`);
        if (schema.const !== undefined && schema.const !== value)
            found.push(`${path}: ${JSON.stringify(value)} is not ${schema.const}`);
        if (kind !== "string") return found;
        if (schema.pattern !== undefined && !new RegExp(schema.pattern, "u").test(value))
            found.push(`${path}: ${JSON.stringify(value.slice(0, 80))} does not match ${schema.pattern}`);
        if (value.length < (schema.minLength ?? 0) || value.length > (schema.maxLength ?? Infinity))
            found.push(`${path}: of the wrong length`);
        return found;
    }

    ofObject(schema, value, path) {
        if (kindOf(value) !== "object") return [];
        const known = schema.properties ?? {};
        const patterns = Object.entries(schema.patternProperties ?? {});
        const found = (schema.required ?? [])
            .filter((key) => !(key in value))
            .map((key) => `${path}.${key}: missing`);
        for (const [key, item] of Object.entries(value)) {
            const fitting = patterns.filter(([pattern]) => new RegExp(pattern, "u").test(key));
            if (key in known) found.push(...this.problems(known[key], item, `${path}.${key}`));
            for (const [, sub] of fitting) found.push(...this.problems(sub, item, `${path}.${key}`));
            if (!(key in known) && fitting.length === 0)
                found.push(...this.problems(schema.additionalProperties, item, `${path}.${key}`));
        }
        return found;
    }

    ofArray(schema, value, path) {
        if (kindOf(value) !== "array") return [];
        const found = value.flatMap((item, i) => this.problems(schema.items, item, `${path}[${i}]`));
        if (value.length < (schema.minItems ?? 0) || value.length > (schema.maxItems ?? Infinity))
            found.push(`${path}: ${value.length} elements`);
        return found;
    }

    ofChoices(schema, value, path) {
        const found = (schema.allOf ?? []).flatMap((sub) => this.problems(sub, value, path));
        for (const word of ["anyOf", "oneOf"]) {
            if (schema[word] === undefined) continue;
            const all = schema[word].map((sub) => this.problems(sub, value, path));
            const fitting = all.filter((problems) => problems.length === 0).length;
            if (fitting === 0) found.push(...all.sort((a, b) => a.length - b.length)[0]);
            if (fitting > 1 && word === "oneOf") found.push(`${path}: fits several of the forms`);
        }
        if (schema.not !== undefined && this.problems(schema.not, value, path).length === 0)
            found.push(`${path}: has the form it must not have`);
        return found;
    }
}

/** Reads all methods (files that are lists) and schemas (files that are maps) of a folder. */
export function loadSchemas(folder) {
    const made = new Schemas();
    for (const file of yamlFiles(folder)) {
        const content = parse(readFileSync(file, "utf8"));
        if (Array.isArray(content)) for (const method of content) made.methods.set(method.name, method);
        else for (const [name, schema] of Object.entries(content ?? {})) made.schemas.set(name, schema);
    }
    return made;
}
