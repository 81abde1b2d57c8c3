using Torchyard.Packages.Python.Names;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Packages.Python.Versions;
using Torchyard.Recipes.Sources;

namespace Torchyard.Fuzz.Targets.Python;

internal sealed class PylockTarget : FuzzTarget
{
    public override string Name => "pylock";

    public override string Input => "pylock.toml of a project";

    public override IReadOnlyList<string> Words =>
        [
            "lock-version = \"1.0\"\n",
            "created-by = \"uv\"\n",
            "requires-python = \">=3.10\"\n",
            "environments = [\"sys_platform == 'linux'\"]\n",
            "[[packages]]\nname = \"a\"\nversion = \"1\"\n",
            "[[packages.wheels]]\nurl = \"https://host.example/a-1-py3-none-any.whl\"\nsize = 10\n",
            "hashes = {sha256 = \"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}\n",
            "marker = \"python_version > '3'\"\n",
            "packages.vcs = {type = \"git\", url = \"https://host.example/a.git\", commit-id = "
                + "\"0123456789012345678901234567890123456789\"}\n",
            "packages.archive = {path = \"a.tar.gz\"}\n",
            "index = \"https://host.example/simple\"\n",
            "name = \"b-1-py3-none-any.whl\"\n",
        ];

    public override object? Parse(byte[] input)
    {
        var path = InputFile.Write(input, "pylock.toml");
        var (locked, sources) = PylockReader.Read(
            "pylock.toml",
            new ProjectFiles(Path.GetDirectoryName(path)!),
            new InterpreterTarget(13, 41),
            PythonVersion.Parse("3.13.5")
        );
        return (locked, sources.ToDictionary(pair => pair.Key, pair => pair.Value.ToString()));
    }
}
