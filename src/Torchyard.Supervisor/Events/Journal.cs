using System.Text;
using Torchyard.Supervisor.Native;

namespace Torchyard.Supervisor.Events;

/// <summary>What the supervisor itself has to say, on standard error.</summary>
internal static class Journal
{
    public static void Say(string message) => PosixFile.WriteAll(2, Encoding.UTF8.GetBytes($"supervisor: {message}\n"));

    public static void Print(ReadOnlySpan<byte> line) => PosixFile.WriteAll(1, line);
}
