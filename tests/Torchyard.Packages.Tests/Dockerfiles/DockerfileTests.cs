using System.Text;
using Torchyard.Packages.Dockerfiles;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Tests.Dockerfiles;

public sealed class DockerfileTests
{
    [Fact]
    public void Continued_lines_comments_flags_and_documents_are_read_with_their_lines()
    {
        var read = Read(
            """
            # syntax=docker/dockerfile:1
            ARG TAG=1
            FROM --platform=linux/amd64 ubuntu:22.04 as base
            RUN apt-get update && \
                # a comment in between

                apt-get install -y git \
                  curl
            RUN <<EOF
            pip install a
            EOF
            copy --from=base a b
            """
        );

        Assert.Equal(["ARG", "FROM", "RUN", "RUN", "COPY"], read.Select(one => one.Name));
        Assert.Equal([2, 3, 4, 9, 12], read.Select(one => one.Line));
        Assert.Equal("ubuntu:22.04 as base", read[1].Text);
        Assert.Equal("base", read[4].Flag("from"));
        Assert.Equal([("pip install a\n", 10)], read[3].Documents);
        Assert.Equal(8, read[2].LineAt(read[2].Text.IndexOf("curl", StringComparison.Ordinal)));
        Assert.Equal(7, read[2].LineAt(read[2].Text.IndexOf("install", StringComparison.Ordinal)));
    }

    [Fact]
    public void Another_escape_is_taken() => Assert.Equal("a  b", Read("# escape=`\nFROM x\nRUN a `\n b\n")[1].Text);

    [Theory]
    [InlineData("", "begins with FROM")]
    [InlineData("RUN a\nFROM b\n", "begins with FROM")]
    [InlineData("FROM a\nRUN <<EOF\nx\n", "does not end")]
    [InlineData("FROM a\n{\"a\": 1}\n", "is not an instruction")]
    public void What_is_not_a_dockerfile_is_refused(string text, string why)
    {
        var refusal = Assert.Throws<TorchyardException>(() => Read(text));
        Assert.Equal("TY1050", refusal.Code);
        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_shell_line_is_taken_apart_into_its_commands()
    {
        var commands = ShellLine.Parse(
            "A=1 apt-get install -y 'a b' \"$X-$Y\" c\\ d && (pip install z > /dev/null 2>&1) | tee log; if [ -e f ]; then "
                + "pip install q; fi # end",
            static _ => 7,
            static name => name == "X" ? "x" : null
        );

        Assert.Equal(["A=1", "apt-get", "install", "-y", "a b", "x-$Y", "c d"], commands[0].Words);
        Assert.True(commands[0].IsDynamic);
        Assert.False(commands[0].IsPart);
        Assert.Equal(["pip", "install", "z", "2"], commands[1].Words);
        Assert.Contains(commands, command => command.Words is ["pip", "install", "q"] && command.IsPart);
        Assert.DoesNotContain(commands, command => command.Words.Contains("/dev/null"));
    }

    [Theory]
    [InlineData("$(cat f)")]
    [InlineData("`cat f`")]
    [InlineData("*.whl")]
    [InlineData("${A:?no}")]
    [InlineData("'open")]
    public void What_only_a_shell_knows_is_marked(string word) =>
        Assert.True(Assert.Single(ShellLine.Parse("pip " + word, static _ => 1, static _ => null)).IsDynamic);

    [Theory]
    [InlineData("$A/b", "1/b")]
    [InlineData("${A}${B:-2}", "12")]
    [InlineData("${B:+x}", "")]
    [InlineData("\\$A", "$A")]
    [InlineData("$C", null)]
    public void Variables_are_replaced_where_they_are_known(string text, string? value) =>
        Assert.Equal(value, DockerVariables.Replace(text, static name => name switch
                {
                    "A" => "1",
                    "B" => "",
                    _ => null,
                }));

    [Theory]
    [InlineData("python3.10-dev", "python3-dev")]
    [InlineData("python3.10", "python3")]
    [InlineData("libgl1-mesa-glx", "libgl1")]
    [InlineData("gcc-9", "gcc")]
    [InlineData("gcc-multilib", "gcc-multilib")]
    [InlineData("git", "git")]
    [InlineData("libcudnn8-dev", "")]
    public void Names_of_apt_are_those_of_debian(string name, string names) =>
        Assert.Equal(names, string.Join(' ', DebianNames.Find(name).Names));

    private static IReadOnlyList<DockerInstruction> Read(string text) => Dockerfile.Parse(Encoding.UTF8.GetBytes(text), "Dockerfile");
}
