using System.Text;
using Torchyard.Supervisor.Preparation;
using Torchyard.Supervisor.Services;

namespace Torchyard.Supervisor.Tests.Processes;

/// <summary>What an image may not have is made once, when a container starts first.</summary>
public sealed class FirstStartTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string File => Path.Combine(_directory.Path, "first-start.json");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void What_is_missing_is_made_and_what_is_there_stays()
    {
        Write(
            $$"""
            { "name": "there", "makes": "{{_directory.Path}}/there", "command": "echo changed >{{_directory.Path}}/there" },
            { "name": "key", "makes": "{{_directory.Path}}/key", "command": "echo \"$HOME $SECRET\" >{{_directory.Path}}/key" }
            """
        );
        System.IO.File.WriteAllText(Path.Combine(_directory.Path, "there"), "kept");

        FirstStart.Run(File, new Dictionary<string, string> { ["SECRET"] = "of the container", ["HOME"] = "/nowhere" });
        var made = System.IO.File.ReadAllText(Path.Combine(_directory.Path, "key"));
        System.IO.File.WriteAllText(Path.Combine(_directory.Path, "key"), "mine");
        FirstStart.Run(File, new Dictionary<string, string>());

        Assert.Equal("/root \n", made);
        Assert.Equal("kept", System.IO.File.ReadAllText(Path.Combine(_directory.Path, "there")));
        Assert.Equal("mine", System.IO.File.ReadAllText(Path.Combine(_directory.Path, "key")));
    }

    [Fact]
    public void A_step_that_fails_does_not_stop_those_after_it()
    {
        Write(
            $$"""
            { "name": "bad", "makes": "{{_directory.Path}}/bad", "command": "exit 3" },
            { "name": "good", "makes": "{{_directory.Path}}/good", "command": "touch {{_directory.Path}}/good" }
            """
        );

        FirstStart.Run(File, new Dictionary<string, string>());

        Assert.True(System.IO.File.Exists(Path.Combine(_directory.Path, "good")));
    }

    [Fact]
    public void An_image_without_the_file_has_no_steps() => Assert.Empty(FirstStart.Read(File));

    [Theory]
    [InlineData("""{ "version": 2, "steps": [] }""", "f: \"version\" must be 1")]
    [InlineData("""{ "version": 1, "steps": [ { "name": "a", "makes": "/b" } ] }""", "f: steps[0].command is missing")]
    [InlineData(
        """{ "version": 1, "steps": [ { "name": "a", "makes": "/b", "command": "c", "user": "d" } ] }""",
        "f: steps[0].user is not known"
    )]
    [InlineData("{", "f:1:2: not valid JSON")]
    public void A_mistake_is_named_with_its_place(string json, string message) =>
        Assert.Equal(message, Assert.Throws<ServicesFileException>(() => FirstStart.Parse(Encoding.UTF8.GetBytes(json), "f")).Message);

    private void Write(string steps) => System.IO.File.WriteAllText(File, $$"""{ "version": 1, "steps": [ {{steps}} ] }""");
}
