// Better Auth's SCIM plugin with one connection, over its adapter in memory.
import { createServer } from "node:http";
import { scim } from "@better-auth/scim";
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { getAuthTables } from "better-auth/db";
import { toNodeHandler } from "better-auth/node";

const [port, token] = process.argv.slice(2);
const options = {
    baseURL: `http://127.0.0.1:${port}`,
    secret: "a-secret-of-nobody-at-all-32-characters",
    rateLimit: { enabled: false },
    plugins: [scim({ connections: [{ id: "peer", credentials: [{ type: "bearer", id: "peer-credential", token }] }] })],
};
const tables = Object.keys(getAuthTables(options));
const database = memoryAdapter(Object.fromEntries(tables.map((name) => [name, []])));
createServer(toNodeHandler(betterAuth({ ...options, database }))).listen(Number(port), "127.0.0.1");
