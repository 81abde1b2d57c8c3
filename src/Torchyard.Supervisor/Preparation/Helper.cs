using System.Diagnostics;
using System.Text;
using Torchyard.Supervisor.Native;
using Torchyard.Supervisor.Services;

namespace Torchyard.Supervisor.Preparation;

/// <summary>Runs a short program of the image to its end: ssh-keygen, openssl.</summary>
internal static class Helper
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static unsafe void Run(IReadOnlyList<string> command, IReadOnlyList<string> environment, string missing, TimeSpan? limit = null)
    {
        var ends = stackalloc int[2];
        if (Libc.Pipe(ends, Libc.OpenCloseOnExec | Libc.OpenNonBlocking) != 0)
        {
            throw PosixException.Last("pipe");
        }

        try
        {
            int process;
            try
            {
                process = Spawn.Start(
                    new SpawnRequest
                    {
                        Command = command,
                        Environment = environment,
                        Output = ends[1],
                        NewSession = true,
                    }
                );
            }
            catch (PosixException e) when (e.Error == Libc.ErrorNoEntry)
            {
                throw new ServiceStartException($"{command[0]} is not in the image; {missing}", permanent: true);
            }

            var status = WaitFor(process, limit ?? Limit);
            if (status.Code == 0)
            {
                return;
            }

            var buffer = stackalloc byte[2048];
            var got = Math.Max(0, Libc.Read(ends[0], buffer, 2048));
            var printed = Encoding.UTF8.GetString(buffer, (int)got).Trim().ReplaceLineEndings("; ");
            throw new ServiceStartException($"{command[0]} ended with {status}: {printed}", permanent: false);
        }
        finally
        {
            Libc.Close(ends[0]);
            Libc.Close(ends[1]);
        }
    }

    private static unsafe ExitStatus WaitFor(int process, TimeSpan limit)
    {
        var began = Stopwatch.GetTimestamp();
        var killed = false;
        while (true)
        {
            int status;
            if (Libc.Wait(process, &status, Libc.WaitNoHang) == process)
            {
                return new ExitStatus(status);
            }

            if (!killed && Stopwatch.GetElapsedTime(began) > limit)
            {
                killed = true;
                Libc.Kill(-process, Signals.Kill);
            }

            _ = Libc.Poll(null, 0, 2);
        }
    }
}
