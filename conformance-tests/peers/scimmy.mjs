// SCIMMY with users and groups in memory; what its handlers leave to the application is as short as its manual has it.
import { randomUUID } from "node:crypto";
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

const [port, token] = process.argv.slice(2);

function shelf(unique, resourceType) {
    const all = new Map();
    const same = (one, other) => String(one[unique]).toLowerCase() === String(other[unique]).toLowerCase();
    return {
        ingress(resource, data) {
            const id = resource.id ?? randomUUID();
            if (resource.id && !all.has(id)) throw new SCIMMY.Types.Error(404, null, `Resource ${id} not found`);
            const twin = unique === "userName" && [...all.values()].find((one) => one.id !== id && same(one, data));
            if (twin) throw new SCIMMY.Types.Error(409, "uniqueness", `${unique} is taken`);
            const now = new Date().toISOString();
            const created = all.get(id)?.meta.created ?? now;
            const stored = { ...JSON.parse(JSON.stringify(data)), id, meta: { resourceType, created, lastModified: now } };
            all.set(id, stored);
            return stored;
        },
        egress(resource) {
            if (resource.id) {
                const found = all.get(resource.id);
                if (!found) throw new SCIMMY.Types.Error(404, null, `Resource ${resource.id} not found`);
                return found;
            }
            const values = [...all.values()];
            return resource.filter ? resource.filter.match(values) : values;
        },
        degress(resource) {
            if (!all.delete(resource.id)) throw new SCIMMY.Types.Error(404, null, `Resource ${resource.id} not found`);
        },
    };
}

SCIMMY.Config.set({ patch: true, filter: true, sort: true, bulk: { supported: true, maxOperations: 1000, maxPayloadSize: 1048576 } });
SCIMMY.Resources.declare(SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser, false), shelf("userName", "User"));
SCIMMY.Resources.declare(SCIMMY.Resources.Group, shelf("displayName", "Group"));

const app = express();
app.use("/scim/v2", new SCIMMYRouters({
    type: "bearer",
    handler(request) {
        if (request.header("Authorization") !== `Bearer ${token}`) throw new Error("The token is not known");
        return "client";
    },
}));
app.listen(Number(port), "127.0.0.1");
