// Lint rules. Layers are an error (dev/layers.mjs); so are barrels, long files and `any`.
// TypeScript stays at 5.9: openapi-typescript 7 asks for ^5, and typescript-eslint 8 for less than 6.1.
import js from "@eslint/js";
import hooks from "eslint-plugin-react-hooks";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";
import layers from "./dev/layers.mjs";

export default defineConfig(
  { ignores: ["node_modules", "src/api/generated", "dist"] },
  js.configs.recommended,
  {
    files: ["src/**/*.{ts,tsx}", "tests/**/*.{ts,tsx}", "vite.config.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked, hooks.configs.flat["recommended-latest"]],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { outcrop: { rules: { layers } } },
    rules: {
      "outcrop/layers": "error",
      "max-lines": ["error", { max: 400 }],
      "max-depth": ["error", 3],
      "no-restricted-syntax": [
        "error",
        { selector: "ExportAllDeclaration", message: "No barrel files: import from the file that defines it." },
        { selector: "ExportNamedDeclaration[source]", message: "No barrel files: import from the file that defines it." },
      ],
      "@typescript-eslint/consistent-type-imports": "error",
      // Numbers in templates are what this page is made of.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // Router navigation returns a promise that nobody waits for; `void` would be noise in every handler.
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: false }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      // TanStack Virtual hands out functions that the React compiler cannot memoise; it is not used here.
      "react-hooks/incompatible-library": "off",
    },
  },
  {
    files: ["dev/**/*.mjs", "eslint.config.js"],
    languageOptions: {
      globals: { process: "readonly", console: "readonly", URL: "readonly" },
    },
  },
);
