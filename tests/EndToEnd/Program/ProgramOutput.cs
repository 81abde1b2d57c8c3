namespace Torchyard.EndToEnd.Program;

/// <summary>What a program printed and how it ended.</summary>
internal sealed record ProgramOutput(string Command, int ExitCode, string Output, string Error)
{
    public string Transcript => $"$ {Command}\nexit status {ExitCode}\n--- output\n{Output}\n--- error\n{Error}";

    /// <summary>Fails the test with everything that was printed, unless the exit status is 0.</summary>
    public ProgramOutput Succeeded() => Ended(0);

    /// <summary>Fails the test with everything that was printed, unless the program ended so.</summary>
    public ProgramOutput Ended(int exitCode)
    {
        Assert.True(ExitCode == exitCode, $"exit status {exitCode} was expected\n{Transcript}");
        return this;
    }

    /// <summary>Fails the test with everything that was printed, unless the text is in the output.</summary>
    public ProgramOutput Printed(string text)
    {
        Assert.True(Output.Contains(text, StringComparison.Ordinal), $"'{text}' was expected in the output\n{Transcript}");
        return this;
    }

    /// <summary>The same for what went to the error stream.</summary>
    public ProgramOutput Reported(string text)
    {
        Assert.True(Error.Contains(text, StringComparison.Ordinal), $"'{text}' was expected on the error stream\n{Transcript}");
        return this;
    }
}
