import { sweep } from "./sweep.mjs";

sweep("en");
