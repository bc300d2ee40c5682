-- State words of Service Control Manager 7036 in .evt, which are localized. One row: one word.
-- English is sourced; the rest is from memory of localized Windows: a word that is not here leaves
-- the state unknown, and the restart is then found by its other witnesses.
CREATE OR REPLACE VIEW service_state AS
SELECT word, state
FROM (
    VALUES
    ('running', 'start'), ('stopped', 'stop'),
    ('ausgeführt', 'start'), ('wird ausgeführt', 'start'), ('beendet', 'stop'), ('angehalten', 'stop'),
    ('en cours d''exécution', 'start'), ('arrêté', 'stop'),
    ('en ejecución', 'start'), ('iniciado', 'start'), ('detenido', 'stop'),
    ('in esecuzione', 'start'), ('arrestato', 'stop'),
    ('em execução', 'start'), ('parado', 'stop'),
    ('actief', 'start'), ('gestopt', 'stop'),
    ('kör', 'start'), ('stoppad', 'stop'),
    ('работает', 'start'), ('остановлена', 'stop'), ('остановлен', 'stop'),
    ('実行中', 'start'), ('停止', 'stop'),
    ('正在运行', 'start'), ('已停止', 'stop'), ('停止状态', 'stop')
) AS known (word, state);
