// Every page there is, by the pattern of its route; a test of the route table fails when one is missing here. The sweep of
// sweep.mjs opens each as every role that may see it, in both languages and in both themes.
//
// `path` gives the address, from `{ id, past, unit, role }`: the running drive, the past one, and a unit that reports.
// `roles` are those who see it; everybody else gets the page of a problem, which is swept by itself. `null` is nobody.
// `variants` are further states of a page that are addresses of their own.

const everybody = ["admin", "office", "reviewer", "reporter", "viewer", "auditor"];
const readers = everybody.filter((role) => role !== "reporter");
const offices = ["admin", "office"];
const reviewers = ["admin", "office", "reviewer"];

export const PAGES = {
  "/login": { roles: [null], path: () => "/login" },
  "/campaigns/{campaign}/report/{unit}": {
    roles: everybody,
    path: ({ id, unit }) => `/campaigns/${id}/report/${unit}`,
    variants: ({ past, unit, id }) => [`/campaigns/${past}/report/${unit}?done=1`, `/campaigns/${past}/report/${unit}?history=1`, `/campaigns/${id}/report/${unit}?date=2031-01-01`],
  },
  "/campaigns/{campaign}/review": { roles: reviewers, path: ({ id }) => `/campaigns/${id}/review` },
  "/campaigns/{campaign}/publications": { roles: everybody, path: ({ id }) => `/campaigns/${id}/publications` },
  "/campaigns/{campaign}/publications/{number}": {
    roles: readers, path: ({ id, publication }) => `/campaigns/${id}/publications/${publication}`,
  },
  "/campaigns/{campaign}/ledger/{unit}": { roles: everybody, path: ({ id, unit }) => `/campaigns/${id}/ledger/${unit}` },
  "/campaigns/{campaign}/missing": { roles: everybody, path: ({ id }) => `/campaigns/${id}/missing` },
  "/campaigns/{campaign}": {
    roles: everybody, path: ({ id }) => `/campaigns/${id}`, variants: ({ past }) => [`/campaigns/${past}`],
  },
  "/campaigns/{campaign}/tallies": {
    roles: everybody, path: ({ id }) => `/campaigns/${id}/tallies`,
    variants: ({ id }) => [`/campaigns/${id}/tallies?measure=materials&sort=-day`, `/campaigns/${id}/tallies?from=2031-01-01`],
  },
  "/campaigns/{campaign}/comparison": { roles: everybody, path: ({ id }) => `/campaigns/${id}/comparison` },
  "/campaigns/{campaign}/bulletin": { roles: everybody, path: ({ id }) => `/campaigns/${id}/bulletin?number=1` },
  "/campaigns/{campaign}/settings": { roles: offices, path: ({ id }) => `/campaigns/${id}/settings` },
  "/campaigns/{campaign}/screens": { roles: offices, path: ({ id }) => `/campaigns/${id}/screens` },
  "/screen/{campaign}": { roles: everybody, path: ({ id }) => `/screen/${id}` },
  "/campaigns": { roles: offices, path: () => "/campaigns", variants: () => ["/campaigns?sort=name&state=planned"] },
  "/campaigns/{campaign}/snapshots/{id}": { roles: readers, path: ({ id, snapshot }) => `/campaigns/${id}/snapshots/${snapshot}` },
  "/units": {
    roles: everybody, path: () => "/units",
    variants: ({ unit, role }) => [
      `/units?q=${unit}`, `/units?under=${role === "reporter" ? unit : "371772"}`, "/units?q=nowhere",
    ],
  },
  "/units/import/sheet": { roles: offices, path: () => "/units/import/sheet" },
  "/units/{code}": { roles: everybody, path: ({ unit }) => `/units/${unit}` },
  "/campaigns/{campaign}/paste": { roles: offices, path: ({ id }) => `/campaigns/${id}/paste` },
  "/campaigns/{campaign}/import": { roles: offices, path: ({ id }) => `/campaigns/${id}/import` },
  "/campaigns/{campaign}/export": { roles: readers, path: ({ id }) => `/campaigns/${id}/export` },
  "/campaigns/{campaign}/press": { roles: readers, path: ({ id }) => `/campaigns/${id}/press` },
  "/account": { roles: everybody, path: () => "/account" },
  "/people": { roles: offices, path: () => "/people", variants: () => ["/people?sort=-name&role=viewer"] },
  "/people/{name}": { roles: offices, path: () => "/people/reporter" },
  "/audit": { roles: ["admin", "office", "auditor"], path: () => "/audit" },
  "/campaigns/{campaign}/links": { roles: offices, path: ({ id }) => `/campaigns/${id}/links`, variants: ({ id }) => [`/campaigns/${id}/links?state=all`] },
};

/** Routes that show no page of their own: what they answer with leads elsewhere, is a file, or is none. */
export const NO_PAGES = [
  "/", // leads to the page of whoever asks; what it says on an empty database is in setup.test.mjs
  "/setup/{token}", // opens while there is no account at all: setup.test.mjs
  "/r/{token}", // leads to the report
  "/assets/{file}",
  "/screen/{campaign}/events", // a stream
];
