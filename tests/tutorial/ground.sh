# Functions for the hidden lines of played pages: a repository in the current folder, released at 1.0.0, in an embedded world.

# package FOLDER NAME VERSION [MORE LINES OF [project]]: a Python package that needs nothing to be built
package() {
    module=${2//-/_}
    mkdir -p "$1/src/$module" && echo '"""A package."""' > "$1/src/$module/__init__.py"
    printf '[project]\nname = "%s"\nversion = "%s"\nrequires-python = ">=3.11"\n%b\n[build-system]\nrequires = ["uv_build>=0.9,<1"]\nbuild-backend = "uv_build"\n' \
        "$2" "$3" "${4-}" > "$1/pyproject.toml"
}

# pair NAME: a workspace of NAME-core, and NAME that needs it
pair() {
    printf '[tool.uv.workspace]\nmembers = ["packages/*"]\n' > pyproject.toml
    printf '# Changelog\n\n## [Unreleased]\n\n- News.\n' > CHANGELOG.md
    package "packages/$1-core" "$1-core" 1.0.0
    package "packages/$1" "$1" 1.0.0 "dependencies = [\"$1-core==1.0.0\"]\n"
}

# crate FOLDER NAME [MORE LINES]
crate() {
    mkdir -p "$1/src" && echo '//! A crate.' > "$1/src/lib.rs"
    printf '[package]\nname = "%s"\nversion = "1.0.0"\nedition = "2021"\nlicense = "MIT"\ndescription = "A crate"\n%b' \
        "$2" "${3-}" > "$1/Cargo.toml"
}

# begin [TAG]: commit what is here, tag it, and commit a change after it
begin() {
    ssh-keygen -q -t ed25519 -N '' -C ada@example.com -f ../key
    git init --quiet --initial-branch=main
    git config user.name Ada && git config user.email ada@example.com
    git config gpg.format ssh && git config user.signingkey "$PWD/../key.pub"
    git add --all && git commit --quiet -m "First"
    git tag -a -m "${1-1.0.0}" "${1-1.0.0}"
    change "Fix the leak"
}

# change TITLE: a commit
change() {
    echo "$1" >> news.txt && git add --all && git commit --quiet -m "$1"
}

# on_index NAME...: what the index holds at 1.0.0, for the seed
on_index() {
    printf '"python": ['
    for name; do printf '%s{"name": "%s", "version": "1.0.0"}' "${comma-}" "$name"; comma=,; done
    printf ']'
    unset comma
}

# crates NAME...: what the Cargo registry holds at 1.0.0, for the seed
crates() {
    printf '"cargo": {"packages": {'
    for name; do printf '%s"%s": {"1.0.0": {"requirements": []}}' "${comma-}" "$name"; comma=,; done
    printf '}}'
    unset comma
}

# world SLUG [MORE OF THE SEED]: start the embedded services, and push to them
world() {
    echo "{\"slug\": \"$1\"${2:+, $2}}" > ../seed.json
    (exec castoff world serve --offline --seed ../seed.json --env ../world.env > ../world.json) &
    trap "kill $!" EXIT
    until [ -e ../world.env ]; do sleep 0.1; done
    . ../world.env
    control=$(sed 's/.*"control": "\([^"]*\)".*/\1/' ../world.json)
    git remote add origin "https://github.com/$1.git"
    git push --quiet --set-upstream origin main --tags
}

# fault RULE: let the services fail as a rule says; without one, they work again
fault() {
    curl -sS -X PUT "$control/_faults" -d "{\"rules\": [${1-}]}"
}

# wheel NAME VERSION TAG: a wheel in `dist/`, as a builder elsewhere makes it
wheel() {
    "$PYTHON" - "$@" << 'END'
import base64, hashlib, pathlib, sys, zipfile
name, version, tag = sys.argv[1:]
module = name.replace("-", "_")
info = f"{module}-{version}.dist-info"
files = {
    f"{module}/__init__.py": "",
    f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Python: >=3.11\n",
    f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: false\nTag: {tag}\n",
}
rows = [
    f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()},{len(text)}"
    for path, text in files.items()
]
files[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,", ""])
pathlib.Path("dist").mkdir(exist_ok=True)
with zipfile.ZipFile(f"dist/{module}-{version}-{tag}.whl", "w") as archive:
    for path, text in files.items():
        archive.writestr(path, text)
END
}

# tidal: a workspace whose versions come from git tags; the tools of the running environment build it
tidal() {
    printf '[tool.uv.workspace]\nmembers = ["packages/*"]\n' > pyproject.toml
    printf '[python]\nbuild = ["%s", "-m", "build", "--no-isolation", "--outdir"]\n' "$PYTHON" > castoff.toml
    for name in tide-core tide; do
        package "packages/$name" "$name" 1.0.0
        tool=$([ "$name" = tide ] && echo uv-dynamic-versioning || echo hatch-vcs)
        dynamic=$([ "$name" = tide ] && echo '"version", "dependencies"' || echo '"version"')
        printf '[project]\nname = "%s"\ndynamic = [%s]\nrequires-python = ">=3.11"\n\n[build-system]\nrequires = ["hatchling", "%s"]\nbuild-backend = "hatchling.build"\n\n' \
            "$name" "$dynamic" "$tool" > "packages/$name/pyproject.toml"
    done
    printf '[tool.hatch.version]\nsource = "vcs"\nraw-options = { root = "../.." }\n' >> packages/tide-core/pyproject.toml
    printf '[tool.hatch.version]\nsource = "uv-dynamic-versioning"\n\n[tool.hatch.metadata.hooks.uv-dynamic-versioning]\ndependencies = ["tide-core=={{ version }}"]\n\n[tool.uv-dynamic-versioning]\npattern = "default-unprefixed"\nfallback-version = "0.0.0"\n' >> packages/tide/pyproject.toml
}

# npm_pair NAME: a workspace of npm packages, NAME-core, and NAME that needs it
npm_pair() {
    printf '{\n  "name": "%s-workspace",\n  "private": true,\n  "workspaces": ["packages/*"]\n}\n' "$1" > package.json
    printf '# Changelog\n\n## [Unreleased]\n\n- News.\n' > CHANGELOG.md
    echo "node_modules/" > .gitignore
    for name in "$1-core" "$1"; do
        mkdir -p "packages/$name" && echo 'exports.tide = "in"' > "packages/$name/index.js"
        needs=$([ "$name" = "$1" ] && printf ',\n  "dependencies": {"%s-core": "1.0.0"}' "$1")
        printf '{\n  "name": "%s",\n  "version": "1.0.0",\n  "license": "MIT",\n  "main": "index.js",\n  "files": ["index.js"]%s\n}\n' \
            "$name" "$needs" > "packages/$name/package.json"
    done
}

# on_npm NAME...: what the npm registry holds at 1.0.0, for the seed
on_npm() {
    printf '"npm": {"packages": ['
    for name; do printf '%s{"name": "%s", "version": "1.0.0"}' "${comma-}" "$name"; comma=,; done
    printf ']}'
    unset comma
}
