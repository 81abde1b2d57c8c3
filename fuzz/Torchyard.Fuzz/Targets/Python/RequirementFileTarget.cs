using Torchyard.Packages.Python.Requirements;
using Torchyard.Packages.Python.Settings;
using Torchyard.Recipes.Sources;

namespace Torchyard.Fuzz.Targets.Python;

internal sealed class RequirementFileTarget : FuzzTarget
{
    public override string Name => "requirement-file";

    public override string Input => "requirement and constraint files, own or a stranger's";

    public override IReadOnlyList<string> Words =>
        [
            "numpy==1.0 --hash=sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n",
            "-r requirements.txt\n",
            "-c other.txt\n",
            "--index-url https://host.example/simple\n",
            "--extra-index-url ",
            "--find-links ",
            "--no-index\n",
            "-e .\n",
            "--only-binary :all:\n",
            "--pre\n",
            "git+https://host.example/a.git@0123#egg=a&subdirectory=b\n",
            "./a-1-py3-none-any.whl\n",
            "file:///a\n",
            "${TOKEN}",
            "\\\n",
            " # comment\n",
            "'",
            "\"",
            "--config-settings ",
            "--use-feature=fast-deps\n",
        ];

    public override object? Parse(byte[] input)
    {
        var path = InputFile.Write(input, "requirements.txt");
        var directory = Path.GetDirectoryName(path)!;
        var set = new RequirementSet { Directory = directory };
        var reader = new RequirementFileReader(
            set,
            new ProjectFiles(directory),
            new CredentialVariables(static _ => null, static (_, _) => false)
        );
        reader.Read(path, "requirements.txt", isConstraint: false);
        reader.CheckHashes();
        return (
            set.Requirements.Select(line =>
                    (
                        line.Requirement?.ToString(),
                        line.Url,
                        line.LocalWheel,
                        line.Source?.ToString(),
                        line.Hashes.Count,
                        line.Place?.ToString()
                    )
                )
                .ToList(),
            set.Indexes,
            set.ExtraIndexes,
            set.FindLinks,
            set.OnlyBinary,
            set.NoBinary,
            set.PreReleases
        );
    }
}
