using Torchyard.Flows.Importing;
using Torchyard.Packages.Python.Requirements;

namespace Torchyard.Fuzz.Targets.Projects;

internal sealed class ForeignProjectTarget : FuzzTarget
{
    public override string Name => "foreign-project";

    public override string Input => "pyproject.toml of a stranger's project, for init --from";

    public override IReadOnlyList<string> Words =>
        [
            "[project]\nname = \"a\"\nrequires-python = \">=3.11\"\n",
            "dependencies = [\"b>=1\", \"c\"]\n",
            "[tool.uv.sources]\nb = { git = \"https://host.example/b\", rev = \"v1\" }\nc = { index = \"x\" }\n",
            "[[tool.uv.index]]\nname = \"x\"\nurl = \"https://host.example/simple\"\nexplicit = true\n",
            "[tool.poetry.dependencies]\npython = \"^3.9\"\nd = \"~1.2\"\n",
            "e = { version = \"^0.0.3\", extras = [\"f\"], markers = \"sys_platform == 'linux'\", python = \"<3.12\" }\n",
            "[[tool.poetry.source]]\nname = \"y\"\nurl = \"https://host.example/y\"\n",
            "1.* || 3.*",
            "optional = true\n",
        ];

    public override object? Parse(byte[] input)
    {
        var project = ForeignProject.Parse(input, "pyproject.toml");
        return (
            project.Requirements.Select(requirement => requirement.ToString()).ToList(),
            ImportedRecipe.Of(input, "pyproject.toml", (import, path) => ProjectImport.Add(import, path, []), Require)
        );
    }
}
