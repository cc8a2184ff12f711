import { sweep } from "./sweep.mjs";

sweep("zh-CN");
