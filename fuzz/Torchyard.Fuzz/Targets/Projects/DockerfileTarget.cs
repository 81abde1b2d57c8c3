using Torchyard.Flows.Importing;
using Torchyard.Packages.Dockerfiles;

namespace Torchyard.Fuzz.Targets.Projects;

internal sealed class DockerfileTarget : FuzzTarget
{
    public override string Name => "dockerfile";

    public override string Input => "Dockerfile of a stranger's project, for init --from";

    public override IReadOnlyList<string> Words =>
        [
            "FROM pytorch/pytorch:2.5.1-cuda12.4-cudnn9-devel AS base\n",
            "FROM base\n",
            "ARG A=\"1\"\n",
            "ENV A=b B=\"$A\"\n",
            "RUN apt-get update && apt-get install -y --no-install-recommends git \\\n  curl\n",
            "RUN pip install -r requirements.txt torch==2.9 -f https://host.example/a.html\n",
            "RUN <<EOF\npip install a\nEOF\n",
            "RUN [\"pip\", \"install\", \"a\"]\n",
            "RUN conda install -c pytorch pytorch=1.11\n",
            "RUN conda env create -f environment.yml\n",
            "COPY --from=base . /app\n",
            "WORKDIR /app\n",
            "LABEL a.b=\"c d\"\n",
            "EXPOSE 8888\n",
            "# escape=`\n",
            "${A:-b}",
            "$(cat a)",
            "if [ -e a ]; then b; fi",
            "'",
            "\"",
            "`",
            "\\\n",
        ];

    public override object? Parse(byte[] input)
    {
        var instructions = Dockerfile.Parse(input, "Dockerfile");
        var commands = instructions
            .SelectMany(instruction => ShellLine.Parse(instruction.Text, instruction.LineAt, static name => name == "A" ? "b" : null))
            .Select(command => (string.Join('\u0001', command.Words), command.Line, command.IsDynamic, command.IsPart))
            .ToList();
        return (commands, ImportedRecipe.Of(input, "Dockerfile", DockerfileImport.Add, Require));
    }
}
